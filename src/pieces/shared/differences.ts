/**
 * Where `have` differs from what we want, as paths. Only what `want` names is compared, since Docker fills in defaults;
 * lists are compared whole.
 */
export const differences = (want: unknown, have: unknown, path = ""): string[] => {
  if (Array.isArray(want)) {
    const list: unknown[] = Array.isArray(have) ? have : [];
    if (list.length !== want.length) return [path];
    return want.flatMap((value, index) => differences(value, list[index], `${path}[${index}]`));
  }
  if (want !== null && typeof want === "object") {
    const record =
      have !== null && typeof have === "object" ? (have as Record<string, unknown>) : {};
    return Object.entries(want).flatMap(([key, value]) =>
      differences(value, record[key], path === "" ? key : `${path}.${key}`),
    );
  }
  return Object.is(want, have) ? [] : [path];
};
