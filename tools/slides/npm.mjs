// The packages of tools/npm, which no folder above this one has.

import {createRequire} from 'node:module';

export const require = createRequire(new URL('../npm/package.json', import.meta.url));
