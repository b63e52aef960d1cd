/** Works through the items four at a time: each work is a child process or a call to the disk. */
export const forEachConcurrently = async <Item>(
  items: readonly Item[],
  work: (item: Item) => Promise<unknown>,
): Promise<void> => {
  const queue = items.values();
  const runQueue = async () => {
    for (const item of queue) await work(item);
  };
  await Promise.all([runQueue(), runQueue(), runQueue(), runQueue()]);
};

/** Cuts items into chunks that fit into one command: 500 are some 100 KB of arguments, where 2 MB are allowed. */
export const chunks = function* <Item>(items: readonly Item[]): Generator<readonly Item[]> {
  for (let from = 0; from < items.length; from += 500) yield items.slice(from, from + 500);
};
