/**
 * The order mutex: whoever changes an order holds its lock. Fair (first come, first served), entered by
 * nobody twice, and waited for only so long.
 */
export interface OrderMutex {
  /**
   * Runs `work` while holding the order's lock. Throws {@link OrderBusy} when the lock was not free within
   * `waitMs`; then `work` did not run. What `work` throws passes through.
   */
  run<T>(orderNo: string, waitMs: number, work: () => Promise<T>): Promise<T>;
}

export class OrderBusy extends Error {
  override readonly name = 'OrderBusy';
  readonly orderNo: string;
  constructor(orderNo: string) {
    super(`Order ${orderNo} is being worked on.`);
    this.orderNo = orderNo;
  }
}
