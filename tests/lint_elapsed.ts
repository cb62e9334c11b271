type Node = Deno.lint.Node;

const operators = new Set(["-", "<", "<=", ">", ">="]);
const message =
  "The wall clock is set back and forth: measure elapsed time by `performance.now()`, on both sides. " +
  "Where times of other machines are compared, say so beside `// deno-lint-ignore`.";

/** Whether an expression is the wall clock's time, or one before or after it by some time. */
function isWallTime(node: Node): boolean {
  if (node.type === "BinaryExpression" && (node.operator === "+" || node.operator === "-")) {
    return isWallTime(node.left) || isWallTime(node.right);
  }
  return node.type === "CallExpression" && node.callee.type === "MemberExpression" &&
    nameOf(node.callee.object) === "Date" && nameOf(node.callee) === "now";
}

/** The name of a variable or of a property. */
function nameOf(node: Node): string | undefined {
  if (node.type === "Identifier") return node.name;
  if (node.type === "MemberExpression" && !node.computed) return nameOf(node.property);
}

/** A literal number, or a constant in capitals. Now plus or minus a constant is a time, not an elapsed time. */
function isConstant(node: Node): boolean {
  if (node.type === "BinaryExpression") return isConstant(node.left) && isConstant(node.right);
  return node.type === "Literal" || /^[A-Z][A-Z_]*$/.test(nameOf(node) ?? "");
}

/**
 * A plugin of `deno lint` that refuses to subtract or compare `Date.now()`, or a variable that has it in the same file. Tests and benchmarks may,
 * since they compare rows with the clock of the same machine.
 */
const plugin: Deno.lint.Plugin = {
  name: "bookline",
  rules: {
    "elapsed": {
      create(context) {
        if (/_test\.ts$|\/(tests|bench)\//.test(context.filename)) return {};
        const wallNames = new Set<string>();
        const suspects: Deno.lint.BinaryExpression[] = [];
        const note = (target: Node, value: Node | null) => {
          const name = nameOf(target);
          if (name && value && isWallTime(value)) wallNames.add(name);
        };
        const isWall = (node: Node) => isWallTime(node) || wallNames.has(nameOf(node) ?? "");
        return {
          VariableDeclarator: ({ id, init }) => note(id, init),
          AssignmentExpression: ({ left, right }) => note(left, right),
          Property: ({ key, value }) => note(key, value),
          BinaryExpression(node) {
            if (operators.has(node.operator)) suspects.push(node);
          },
          "Program:exit"() {
            for (const node of suspects) {
              const { left, right } = node;
              if ((isWall(left) && !isConstant(right)) || (isWall(right) && !isConstant(left))) {
                context.report({ node, message });
              }
            }
          },
        };
      },
    },
  },
};
export default plugin;
