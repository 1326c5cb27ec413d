/** The list of methods. From it follow the palette, the forms, the command line, the schema and the contract tests. */
import type { Method } from '../contract/method';
import { attribution } from './attribution';

export const methods: readonly Method[] = [attribution];
