// The packages of this folder, for scripts that lie elsewhere.

import {createRequire} from 'node:module';

export const require = createRequire(new URL('package.json', import.meta.url));
