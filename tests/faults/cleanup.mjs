// What a test leaves behind is cleaned up in reverse order, all of it, also when one step fails.

const steps = []

export function whenDone(...added) {
  steps.push(...added)
}

export async function cleanUp() {
  const failures = []
  for (const step of steps.splice(0).reverse()) {
    try {
      await step()
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length > 0) throw failures[0]
}
