// A value that panels watch.
export const store = (value) => {
  let held = value;
  const listeners = new Set();
  return {
    read: () => held,
    write(next) {
      held = next;
      listeners.forEach((listener) => listener());
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
};
