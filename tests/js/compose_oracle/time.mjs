// Reads [{name, url, sdl}, ...] on stdin, composes it once, and writes {seconds, cpu, megabytes}.
import { readFileSync } from 'node:fs';
import { composeServices } from '@apollo/composition';
import { parse } from 'graphql';

const set = JSON.parse(readFileSync(0, 'utf8'));
const start = performance.now();
const before = process.cpuUsage();
const services = set.map(({ name, url, sdl }) => ({ name, url, typeDefs: parse(sdl) }));
const { errors } = composeServices(services);
const seconds = (performance.now() - start) / 1000;
if (errors?.length) throw new Error(String(errors[0]));
const used = process.cpuUsage(before);
const cpu = (used.user + used.system) / 1e6;
const megabytes = process.resourceUsage().maxRSS / 1024;
process.stdout.write(JSON.stringify({ seconds, cpu, megabytes }));
