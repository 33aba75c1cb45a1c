import type { Charge } from '../../contract/order.ts';
import { useWords } from '../i18n/index.ts';
import { orderTail } from '../order-number.ts';
import { useTill } from '../till-context.ts';
import { countdown, useNow } from '../times.ts';
import { Yuan } from '../yuan.tsx';
import { TrayCount } from './tray.tsx';

/** The amount stays where it was; the order's tail and the time that is left stand beside it. */
export function StageHead(props: { orderNo: string; amountFen: number; charge: Charge | null }) {
  const { orderNo, amountFen, charge } = props;
  const { t } = useWords();
  return (
    <header className="stage-head">
      <p className="stage-amount" data-testid="amount">
        <Yuan fen={amountFen} />
      </p>
      <TrayCount />
      <p className="quiet">
        {t('stage.order')} <span className="number">…{orderTail(orderNo)}</span>
      </p>
      {charge && <Ring charge={charge} />}
    </header>
  );
}

const RING = 2 * Math.PI * 15;

function Ring({ charge }: { charge: Charge }) {
  const { t } = useWords();
  const offset = useTill((state) => state.clockOffsetMs);
  const now = useNow(offset);
  const leftMs = Math.max(0, Date.parse(charge.expiresAt) - now);
  const wholeMs = Math.max(1, Date.parse(charge.expiresAt) - Date.parse(charge.createdAt));
  return (
    <p className="ring" role="timer" aria-label={`${countdown(leftMs)} ${t('stage.left')}`}>
      <svg viewBox="0 0 36 36" aria-hidden="true">
        <circle cx="18" cy="18" r="15" className="ring-rest" />
        <circle
          cx="18"
          cy="18"
          r="15"
          className="ring-left"
          strokeDasharray={`${(RING * leftMs) / wholeMs} ${RING}`}
          transform="rotate(-90 18 18)"
        />
      </svg>
      <span className="number">{countdown(leftMs)}</span>
    </p>
  );
}
