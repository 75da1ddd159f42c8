// What every client is asked to do, and how its outcome is told.
export const [, , url, socketUrl] = process.argv;

export const QUERY = 'query Greeting($name: String!) { greeting(name: $name) }';
export const MUTATION = 'mutation Greet($name: String!) { greet(name: $name) }';
export const SUBSCRIPTION = 'subscription Countdown { countdown(from: 3) }';
export const WRONG = 'query Wrong { nothing }';
export const VARIABLES = { name: 'Ada' };

export const tell = (outcome) => {
  console.log(JSON.stringify(outcome));
  process.exit(0);
};

export const codes = (errors) => errors.map((error) => error.extensions?.code);
