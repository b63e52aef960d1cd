/**
 * Only run-steps.ts runs a step: a dry run is true because nothing else does.
 * A host has a `run` as well, so a step's is known by the name of what it is called on, or by its argument.
 */
export const onlyReconcileRunsSteps = {
  create: (context) => {
    const complain = (node) =>
      context.report({
        node,
        message: "only reconcile runs a step: return it from plan or remove",
      });
    return {
      MemberExpression: (node) => {
        if (node.property.name === "run" && namesStep(node.object)) complain(node);
      },
      CallExpression: ({ callee, arguments: [first] }) => {
        const named = callee.type === "MemberExpression" && callee.property.name === "run";
        if (named && givesProgress(first)) complain(callee);
        if (namesStep(callee) && takesRun(first?.params?.[0])) complain(first);
      },
      VariableDeclarator: (node) => {
        if (takesRun(node.id) && namesStep(node.init)) complain(node);
      },
      ForOfStatement: ({ left, right }) => {
        const [declarator] = left.declarations ?? [];
        if (takesRun(declarator?.id) && namesStep(right)) complain(left);
      },
    };
  },
};

const takesRun = (pattern) =>
  pattern?.type === "ObjectPattern" && pattern.properties.some(({ key }) => key?.name === "run");

/** A host's `run` is given words, a step's is given a function that says how far it is. */
const givesProgress = (node) =>
  node?.type === "ArrowFunctionExpression" ||
  node?.type === "FunctionExpression" ||
  (node?.type === "Identifier" && /progress/i.test(node.name));

/** Whether an expression is about steps by its words: step, nextStep(), steps[0], plan.steps.at(-1). */
const namesStep = (node) => {
  switch (node?.type) {
    case "Identifier":
      return /^steps?$|Steps?$/.test(node.name);
    case "MemberExpression":
      return namesStep(node.property) || namesStep(node.object);
    case "CallExpression":
      return namesStep(node.callee);
    case "ChainExpression":
    case "TSNonNullExpression":
    case "TSAsExpression":
      return namesStep(node.expression);
    default:
      return false;
  }
};
