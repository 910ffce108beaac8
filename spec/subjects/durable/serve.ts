/** `node --import tsx spec/subjects/durable/serve.ts DEFECT PORT DATA` serves what is in the directory DATA. */
import { serveDurable } from './server.ts';
import { isDefect } from './store.ts';

const [defect = '', port = '', dataPath = ''] = process.argv.slice(2);
if (!isDefect(defect)) throw new TypeError(`there is no defect ${defect}`);
serveDurable(dataPath, Number(port), defect);
