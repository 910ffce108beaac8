/** `npm run build`: dist/ as the package has it. */
import { build } from './compile.ts';

if (!build('dist')) process.exitCode = 1;
