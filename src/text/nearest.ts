/** The candidate nearest to a mistyped word, or undefined if none is near enough. */
export const nearest = (word: string, candidates: readonly string[]): string | undefined => {
  if (word.length > 40) return undefined;
  const scored = candidates
    .map((candidate) => ({ candidate, distance: distance(plain(word), plain(candidate)) }))
    .filter((one) => one.distance <= Math.max(1, Math.floor(one.candidate.length / 3)))
    .toSorted((one, other) => one.distance - other.distance);
  return scored[0]?.candidate;
};

// registryMirrors, registry_mirrors and registry-mirrors are equal.
const plain = (word: string): string => word.toLowerCase().replaceAll(/[-_\s]/g, "");

// The number of edits between two words; two swapped neighbours count as one edit.
const distance = (one: string, other: string): number => {
  const rows: number[][] = [Array.from({ length: other.length + 1 }, (_, column) => column)];
  for (let row = 1; row <= one.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= other.length; column += 1) {
      const same = one[row - 1] === other[column - 1];
      const swapped = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      current.push(
        Math.min(
          at(rows, row - 1, column) + 1,
          (current[column - 1] ?? Infinity) + 1,
          at(rows, row - 1, column - 1) + (same ? 0 : 1),
          swapped ? at(rows, row - 2, column - 2) + 1 : Infinity,
        ),
      );
    }
    rows.push(current);
  }
  return at(rows, one.length, other.length);
};

const at = (rows: readonly number[][], row: number, column: number): number =>
  rows[row]?.[column] ?? Infinity;
