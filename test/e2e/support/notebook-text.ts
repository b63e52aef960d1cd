/** A notebook with one cell of text. */
export const notebookOf = (text: string): string =>
  JSON.stringify({
    cells: [{ cell_type: "markdown", id: "a", metadata: {}, source: text }],
    metadata: { kernelspec: { display_name: "Python 3", language: "python", name: "python3" } },
    nbformat: 4,
    nbformat_minor: 5,
  });
