/** The reason of a rejected promise; throws if it is fulfilled. (The type of `expect(…).rejects` cannot be awaited.) */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (thrown) {
    return thrown;
  }
  throw new Error("the promise was expected to be rejected");
}
