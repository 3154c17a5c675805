/** Groups CSV rows and adds them up, in cents. */
export function aggregateRows(parameters: Readonly<Record<string, unknown>>) {
  const { csv, group_by } = parameters as { csv: string; group_by: string };
  const [header = '', ...lines] = csv.trim().split('\n');
  const columns = header.split(',');
  const [by, amount] = [columns.indexOf(group_by), columns.indexOf('amount')];
  const groups = new Map<string, number[]>();
  for (const cells of lines.map((line) => line.split(','))) {
    const name = cells[by] ?? '';
    groups.set(name, [...(groups.get(name) ?? []), Math.round(Number(cells[amount]) * 100)]);
  }
  const sum = (cents: readonly number[]) => cents.reduce((total, value) => total + value, 0);
  return {
    groups: [...groups].map(([name, cents]) => ({
      name,
      count: cents.length,
      total: sum(cents) / 100,
      largest: Math.max(...cents) / 100,
    })),
    grand_total: sum([...groups.values()].flat()) / 100,
  };
}
