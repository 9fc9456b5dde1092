// Works off orders from a queue. An order that cannot be read is reported alone, so SQS sends only
// that one again (ReportBatchItemFailures) and the rest of the batch is done with.

export async function handler(event) {
  const batchItemFailures = [];
  for (const { messageId, body } of event.Records) {
    try {
      const order = JSON.parse(body);
      console.log(`order ${order.id}: ${total(order).toFixed(2)} for ${order.items.length} items`);
    } catch (error) {
      console.error(`message ${messageId} is no order: ${error.message}`);
      batchItemFailures.push({ itemIdentifier: messageId });
    }
  }
  return { batchItemFailures };
}

export function total(order) {
  if (!order.id || !Array.isArray(order.items) || order.items.length === 0) {
    throw new Error("it needs an id and at least one item");
  }
  return order.items.reduce((sum, { price, quantity = 1 }) => {
    if (!(price >= 0) || !(quantity > 0)) throw new Error("every item needs a price and a quantity above 0");
    return sum + price * quantity;
  }, 0);
}
