import { currentCharge, screenOf } from '../store/screen.ts';
import { useTill } from '../till-context.ts';
import { Entry } from './entry.tsx';
import { SetAside } from './set-aside.tsx';
import { Side } from './side.tsx';
import { Checking, Closing } from './unknowns.tsx';
import { NotPaid, Paid, Refused } from './verdicts.tsx';
import { Waiting } from './waiting.tsx';

/** The one thing that the window is about right now. */
export function Stage() {
  const { screen, order, sale, orderNo } = useTill((state) => ({
    screen: screenOf(state),
    orderNo: state.shown ?? '',
    order: state.shown === null ? undefined : state.orders[state.shown],
    sale: state.shown === null ? undefined : state.sales[state.shown],
  }));
  const amountFen = order?.amountFen ?? sale?.amountFen ?? 0;
  switch (screen) {
    case 'idle':
    case 'entering':
      return (
        <div className="stage counter">
          <Entry />
          <Side />
        </div>
      );
    case 'creating':
    case 'waiting':
      return <Waiting orderNo={orderNo} amountFen={amountFen} charge={currentCharge(order, sale)} />;
    case 'checking':
      return order ? <Checking order={order} /> : null;
    case 'closing':
      return <Closing order={order} sale={sale} amountFen={amountFen} />;
    case 'not_paid':
      return order ? <NotPaid order={order} /> : null;
    case 'paid':
      return order ? <Paid order={order} /> : null;
    case 'set_aside':
      return order ? <SetAside order={order} /> : null;
    case 'refused':
      return <Refused order={order} sale={sale} />;
  }
}
