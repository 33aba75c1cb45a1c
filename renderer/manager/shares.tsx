import type { Channel } from '../../contract/trade.ts';
import { useWords } from '../i18n/index.ts';
import { yuanText } from '../money.ts';
import { WalletName } from '../wallet.tsx';

interface Share {
  key: string;
  name: string;
  /** Of a wallet: it wears its mark and colour. */
  channel?: Channel;
  paidFen: number;
  paidCount: number;
}

/** Who or what brought how much: a table whose rows have bars, the largest as long as there is room. */
export function Shares({ title, shares }: { title: string; shares: readonly Share[] }) {
  const { t } = useWords();
  const most = Math.max(1, ...shares.map(({ paidFen }) => paidFen));
  const total = Math.max(
    1,
    shares.reduce((sum, { paidFen }) => sum + paidFen, 0),
  );
  return (
    <table className="shares">
      <caption>
        <h3>{title}</h3>
      </caption>
      <thead className="unseen">
        <tr>
          <td />
          <th scope="col">{t('reports.taken')}</th>
          <th scope="col">{t('reports.count')}</th>
          <th scope="col">{t('reports.share')}</th>
        </tr>
      </thead>
      <tbody>
        {shares.map(({ key, name, channel, paidFen, paidCount }) => (
          <tr key={key}>
            <th scope="row">
              {channel ? <WalletName channel={channel} /> : name}
              <span
                className={channel ? `shares-bar bars-${channel}` : 'shares-bar'}
                style={{ width: `${(paidFen / most) * 100}%` }}
                aria-hidden="true"
              />
            </th>
            <td>¥ {yuanText(paidFen)}</td>
            <td className="shares-more">{t('shift.count', { count: paidCount })}</td>
            <td className="shares-more">{Math.round((paidFen / total) * 100)} %</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
