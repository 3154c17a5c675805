/**
 * The query builder without what this program never asks of it. A method of a class stays in a bundle whether anybody
 * calls it or not, and with it all that it would use, half of the package. So the methods below are made to throw.
 *
 * The build stops where one of them is called by our sources, and where the package no longer has it.
 */
import { readFileSync } from 'node:fs';
import { leavesOut, withoutMethods } from './left-out.mjs';

/** Where the query builder is used (scripts/floors.ts). */
const USERS = 'src/market';

const NO_OUTPUT = 'rows come back by select alone';
const NO_FLOW = 'results are small: none is read as a stream, and none is explained';
const IN_SQL = 'tables are made, and looked for, in plain SQL';
const MODIFIERS = 'statements are in words that both engines know';

/** Methods by module: `[module, names, why nobody calls them]`. */
const LEFT_OUT = [
  ['kysely', 'case withTables', 'expressions are made where they are used'],
  ['kysely', 'dynamic', 'names of tables and columns are known'],
  ['kysely', 'startTransaction', 'a transaction is a function'],
  ['kysely', 'commit rollback savepoint rollbackToSavepoint releaseSavepoint', 'of startTransaction'],
  ['kysely', 'withSchema', 'there is one schema'],
  ['kysely', 'schema introspection', IN_SQL],
  ['dialect/sqlite/sqlite-dialect', 'createIntrospector', IN_SQL],
  ['dialect/postgres/postgres-dialect', 'createIntrospector', IN_SQL],
  ['query-creator', 'withSchema', 'there is one schema'],
  ['query-creator', 'mergeInto replaceInto selectNoFrom withRecursive', MODIFIERS],
  ['plugin/with-schema/with-schema-plugin', 'constructor transformQuery', 'there is one schema'],
  ['query-builder/select-query-builder', 'fetch top modifyFront modifyEnd crossApply outerApply', MODIFIERS],
  [
    'query-builder/select-query-builder',
    'forShare forKeyShare noWait',
    'rows are locked to be changed, and waited for',
  ],
  ['query-builder/select-query-builder', 'leftJoin rightJoin fullJoin crossJoin', 'joins are inner ones'],
  ['query-builder/select-query-builder', 'innerJoinLateral leftJoinLateral crossJoinLateral', 'joins are inner ones'],
  ['query-builder/select-query-builder', 'unionAll intersect intersectAll except exceptAll', 'sets are not combined'],
  ['query-builder/select-query-builder', 'havingRef distinctOn', 'groups are plain'],
  ['query-builder/select-query-builder', 'clearSelect clearWhere clearLimit clearOffset', 'nothing is taken back'],
  ['query-builder/select-query-builder', 'clearOrderBy clearGroupBy', 'nothing is taken back'],
  ['query-builder/select-query-builder', 'stream explain', NO_FLOW],
  ['query-builder/insert-query-builder', 'returning returningAll outputAll clearReturning', NO_OUTPUT],
  ['query-builder/insert-query-builder', 'ignore orIgnore orAbort orFail orReplace orRollback', MODIFIERS],
  ['query-builder/insert-query-builder', 'onDuplicateKeyUpdate top modifyEnd', MODIFIERS],
  ['query-builder/insert-query-builder', 'expression defaultValues', 'rows have values'],
  ['query-builder/insert-query-builder', 'stream explain', NO_FLOW],
  ['query-builder/update-query-builder', 'returning returningAll outputAll clearReturning', NO_OUTPUT],
  ['query-builder/update-query-builder', 'leftJoin rightJoin fullJoin', 'one table is changed at a time'],
  ['query-builder/update-query-builder', 'top modifyEnd', MODIFIERS],
  ['query-builder/update-query-builder', 'clearWhere clearOrderBy', 'nothing is taken back'],
  ['query-builder/update-query-builder', 'stream explain', NO_FLOW],
  ['query-builder/delete-query-builder', 'returning returningAll outputAll clearReturning', NO_OUTPUT],
  ['query-builder/delete-query-builder', 'using leftJoin rightJoin fullJoin', 'one table is changed at a time'],
  ['query-builder/delete-query-builder', 'top modifyEnd', MODIFIERS],
  ['query-builder/delete-query-builder', 'clearWhere clearOrderBy clearLimit', 'nothing is taken back'],
  ['query-builder/delete-query-builder', 'stream explain', NO_FLOW],
  ['query-builder/on-conflict-builder', 'constraint expression clearWhere', 'conflicts are of columns'],
  ['query-builder/aggregate-function-builder', 'over filterWhere filterWhereRef', 'aggregates are plain'],
  ['query-builder/aggregate-function-builder', 'clearOrderBy withinGroupOrderBy', 'aggregates are plain'],
  ['expression/expression-builder', 'case', 'decisions are made outside the database'],
  ['expression/expression-builder', 'withSchema', 'there is one schema'],
  ['query-executor/query-executor-base', 'stream', NO_FLOW],
  ['driver/runtime-driver', 'savepoint rollbackToSavepoint releaseSavepoint', 'of startTransaction'],
  ['dialect/postgres/postgres-driver', 'savepoint rollbackToSavepoint releaseSavepoint', 'of startTransaction'],
  ['dialect/postgres/postgres-driver', 'streamQuery', NO_FLOW],
  ['dialect/sqlite/sqlite-driver', 'savepoint rollbackToSavepoint releaseSavepoint', 'of startTransaction'],
  ['dialect/sqlite/sqlite-driver', 'streamQuery', NO_FLOW],
  ['query-compiler/default-query-compiler', 'visitMergeQuery visitMatched', 'of mergeInto'],
  ['query-compiler/default-query-compiler', 'visitCreateSchema visitDropSchema visitCreateType visitDropType', IN_SQL],
  ['query-compiler/default-query-compiler', 'visitCreateView visitDropView visitRefreshMaterializedView', IN_SQL],
  ['query-compiler/default-query-compiler', 'visitCreateTable visitAlterTable visitDropTable', IN_SQL],
  ['query-compiler/default-query-compiler', 'visitCreateIndex visitDropIndex visitAddIndex', IN_SQL],
  ['query-compiler/default-query-compiler', 'visitColumnDefinition visitGenerated visitDefaultValue', IN_SQL],
  ['query-compiler/default-query-compiler', 'visitAddColumn visitAlterColumn visitDropColumn', IN_SQL],
  ['query-compiler/default-query-compiler', 'visitRenameColumn visitModifyColumn', IN_SQL],
  ['query-compiler/default-query-compiler', 'visitPrimaryKeyConstraint visitUniqueConstraint', IN_SQL],
  ['query-compiler/default-query-compiler', 'visitCheckConstraint visitForeignKeyConstraint visitReferences', IN_SQL],
  ['query-compiler/default-query-compiler', 'visitAddConstraint visitDropConstraint visitRenameConstraint', IN_SQL],
  ['query-compiler/default-query-compiler', 'visitExplain', 'of explain'],
  ['query-compiler/default-query-compiler', 'visitReturning', 'of returning'],
  ['query-compiler/default-query-compiler', 'visitTop visitFetch visitUsing', 'of top, fetch, using'],
  ['query-compiler/default-query-compiler', 'visitOver visitPartitionBy visitPartitionByItem', 'of over'],
  ['query-compiler/default-query-compiler', 'visitCase visitWhen', 'of case'],
  ['query-compiler/default-query-compiler', 'visitOnDuplicateKey', 'of onDuplicateKeyUpdate'],
];

const leftOut = leavesOut('kysely', 'scripts/lean-kysely.mjs');

/** @param {string} root project folder, whose sources must not use what is left out */
export function onlyUsedKysely(root) {
  const namesOf = new Map();
  for (const [module, names] of LEFT_OUT) {
    namesOf.set(module, [...(namesOf.get(module) ?? []), ...names.split(' ')]);
  }
  return {
    name: 'only-used-kysely',
    setup(esbuild) {
      esbuild.onStart(() => ({ errors: leftOut.usesIn(root, USERS, [...namesOf.values()].flat()) }));
      leftOut.declare(esbuild);
      esbuild.onLoad({ filter: /[\\/]kysely[\\/]dist[\\/]esm[\\/].*\.js$/ }, ({ path }) => {
        const [, file] = /[\\/]esm[\\/](.*)\.js$/.exec(path) ?? [];
        const module = file?.replaceAll('\\', '/');
        const names = namesOf.get(module);
        return names && leftOut.module(withoutMethods(readFileSync(path, 'utf8'), names, path));
      });
    },
  };
}
