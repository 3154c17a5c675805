"""What Python's jsonschema says of schemas and instances: one question a line, {"schema", "instance"}, one answer a line."""

import json
import sys

from jsonschema import _keywords, validators

# It goes through additional properties in the order of a set, which is none.
_keywords.set = dict.fromkeys


def with_path_of_false(descend):
    """Of what a false schema forbids it forgets the last step to where that is, which is of no use to anybody."""

    def descended(self, instance, schema, path=None, **others):
        for error in descend(self, instance, schema, path=path, **others):
            if schema is False and path is not None:
                error.path.appendleft(path)
            yield error

    return descended


for draft in (validators.Draft7Validator, validators.Draft201909Validator, validators.Draft202012Validator):
    draft.descend = with_path_of_false(draft.descend)


def answer(schema, instance):
    validator = validators.validator_for(schema)(schema)
    errors = list(validator.iter_errors(instance))
    if not errors:
        return None
    # min() takes the first of equals.
    first = min(errors, key=lambda error: len(error.absolute_path))
    name = "false schema" if first.validator is None else first.validator
    return {"path": list(first.absolute_path), "validator": name, "message": first.message}


for line in sys.stdin:
    try:
        said = answer(**json.loads(line))
    except Exception as error:  # It has no answer, and there is nothing to compare.
        said = {"crashed": f"{type(error).__name__}: {error}"}
    print(json.dumps(said), flush=True)
