import js from '@eslint/js'
import regexp from 'eslint-plugin-regexp'
import ts from 'typescript-eslint'

const PURE = ['src/core/**', 'src/words/**']

export default ts.config(
  { ignores: ['dist/**', 'fixtures/**', 'coverage/**'] },
  js.configs.recommended,
  ...ts.configs.strict,
  {
    // Patterns there meet what strangers send.
    files: ['src/**/*.ts'],
    plugins: { regexp },
    rules: { 'regexp/no-super-linear-backtracking': 'error' },
  },
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      'no-console': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
    },
  },
  {
    // What is true is a synchronous function of its arguments: no clock, no process, no console, no Promise.
    files: PURE,
    rules: {
      'no-restricted-globals': [
        'error',
        'process',
        'console',
        'Date',
        'Promise',
        'setTimeout',
        'fetch',
        'Buffer',
      ],
      'no-restricted-syntax': [
        'error',
        { selector: ':function[async=true]', message: 'core and words are synchronous' },
        { selector: 'ExportDefaultDeclaration', message: 'no default exports' },
        { selector: 'TSEnumDeclaration', message: 'no enums' },
        {
          selector: "MemberExpression[object.name='Math'][property.name='random']",
          message: 'core is deterministic',
        },
      ],
    },
  },
)
