/** `npm run build`: dist/ as the package has it. */
import { bundleCommand } from './bundle.ts';
import { build } from './compile.ts';

if (build('dist')) await bundleCommand('dist');
else process.exitCode = 1;
