/** What a promise is rejected with; throws if it is not. (`expect(…).rejects` is typed as nothing to wait for.) */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (thrown) {
    return thrown;
  }
  throw new Error("the promise was expected to be rejected");
}
