// Writes the codes that Apollo documents for errors of composition, as JSON.
import { ERRORS } from '@apollo/federation-internals';

process.stdout.write(JSON.stringify(Object.values(ERRORS).map((error) => error.code)));
