// Reads [{name, url, sdl}, ...] on stdin, composes it once, and writes {seconds, megabytes}.
import { readFileSync } from 'node:fs';
import { composeServices } from '@apollo/composition';
import { parse } from 'graphql';

const set = JSON.parse(readFileSync(0, 'utf8'));
const start = performance.now();
const services = set.map(({ name, url, sdl }) => ({ name, url, typeDefs: parse(sdl) }));
const { errors } = composeServices(services);
const seconds = (performance.now() - start) / 1000;
if (errors?.length) throw new Error(String(errors[0]));
const megabytes = process.resourceUsage().maxRSS / 1024;
process.stdout.write(JSON.stringify({ seconds, megabytes }));
