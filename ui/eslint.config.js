import js from "@eslint/js";
import hooks from "eslint-plugin-react-hooks";
import globals from "globals";
import tseslint from "typescript-eslint";

const LAYERS = [
  // What draws knows nothing of what is drawn; what is shared knows no view.
  { files: ["src/draw/**"], forbid: ["../api/*", "../kit/*", "../shell/*", "../lineage/*", "../theme/*", "urql"] },
  {
    files: ["src/api/**", "src/kit/**", "src/theme/**"],
    forbid: [
      "../home/*",
      "../lineage/*",
      "../artifacts/*",
      "../executions/*",
      "../contexts/*",
      "../types/*",
      "../runs/*",
      "../compare/*",
      "../cache/*",
      "../log/*",
      "../settings/*",
    ],
  },
];

export default tseslint.config(
  { ignores: ["dist", "node_modules", "**/*.generated.ts"] },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  hooks.configs.flat["recommended-latest"],
  {
    languageOptions: {
      globals: globals.browser,
      parserOptions: {
        projectService: { allowDefaultProject: ["eslint.config.js", "codegen.mjs", "pack.mjs"] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      "max-lines": ["error", { max: 250 }],
      "no-restricted-syntax": [
        "error",
        { selector: "ExportDefaultDeclaration", message: "Name what is exported." },
        {
          selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']",
          message: "Untrusted HTML is shown in a sandboxed iframe only.",
        },
      ],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
    },
  },
  ...LAYERS.map(({ files, forbid }) => ({
    files,
    rules: { "no-restricted-imports": ["error", { patterns: [{ group: forbid, message: "Wrong layer." }] }] },
  })),
  {
    files: ["eslint.config.js", "codegen.mjs", "pack.mjs", "vite.config.ts"],
    ...tseslint.configs.disableTypeChecked,
    languageOptions: { globals: globals.node },
    rules: { ...tseslint.configs.disableTypeChecked.rules, "no-restricted-syntax": "off" },
  },
);
