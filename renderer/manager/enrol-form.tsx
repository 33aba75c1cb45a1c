import { TextInput } from '@mantine/core';
import { type FormEvent, useRef, useState } from 'react';
import type { RelayStatus } from '../../contract/relay.ts';
import { Action } from '../action.tsx';
import { useWords } from '../i18n/index.ts';
import { linkError } from '../link-error.ts';
import { ReasonField } from '../people/reason-field.tsx';
import { useTillContext } from '../till-context.ts';

const FIELD = {
  variant: 'unstyled',
  withAsterisk: false,
  required: true,
  autoComplete: 'off',
  spellCheck: false,
  classNames: { input: 'search', label: 'reason-label', description: 'reason-hint', error: 'reason-problem' },
} as const;

/**
 * The relay's address, its operator's one-time code, and why. The first enrolment has its reason already: whoever sets
 * a till up should not have to think of one.
 */
export function EnrolForm(props: {
  status: RelayStatus;
  onEnrolled(status: RelayStatus): void;
  onCancel: (() => void) | null;
}) {
  const { status, onEnrolled, onCancel } = props;
  const { api } = useTillContext();
  const { t } = useWords();
  const [url, setUrl] = useState(status.url ?? '');
  const [code, setCode] = useState('');
  const isFirst = status.enrolledAt === null;
  const [reason, setReason] = useState(isFirst ? t('push.why.first') : '');
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<{ field: 'url' | 'code' | null; words: string } | null>(null);
  const fields = { url: useRef<HTMLInputElement>(null), code: useRef<HTMLInputElement>(null) };

  function show(field: 'url' | 'code' | null, words: string): void {
    setProblem({ field, words });
    if (field) fields[field].current?.focus();
  }

  async function enrol(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (isBusy) return;
    const address = url.trim();
    if (!/^https?:\/\//.test(address) || !URL.canParse(address))
      return show('url', t('errors.relay_url_unusable'));
    if (code.trim() === '') return show('code', t('push.code_missing'));
    if (reason.trim() === '') return show(null, t('people.why_missing'));
    setProblem(null);
    setBusy(true);
    try {
      onEnrolled(await api.relay.enrol({ url: address, code: code.trim(), reason: reason.trim() }));
    } catch (error) {
      setBusy(false);
      const { code: why } = linkError(error);
      const isUrl = ['relay_url_unusable', 'relay_url_fixed', 'relay_unreachable', 'relay_odd'].includes(why);
      show(isUrl ? 'url' : why === 'relay_refused' ? 'code' : null, t(`errors.${why}`));
    }
  }

  const errorOf = (field: 'url' | 'code') => (problem?.field === field ? problem.words : null);
  return (
    <form className="push-form" onSubmit={enrol} noValidate>
      <ol className="push-steps">
        <li>
          {t('push.step.ask')} <b className="push-name">{status.till}</b>
        </li>
        <li>{t('push.step.type')}</li>
        <li>{t('push.step.see')}</li>
      </ol>
      <div className="push-pair">
        <TextInput
          {...FIELD}
          ref={fields.url}
          label={t('push.fact.relay')}
          placeholder="https://relay.example.com"
          type="url"
          inputMode="url"
          value={url}
          onChange={(event) => setUrl(event.currentTarget.value)}
          error={errorOf('url')}
          readOnly={isBusy}
          data-autofocus={url === ''}
        />
        <TextInput
          {...FIELD}
          ref={fields.code}
          label={t('push.code')}
          placeholder="K7QF-2M9X-HTRC"
          value={code}
          onChange={(event) => setCode(event.currentTarget.value.toUpperCase())}
          error={errorOf('code')}
          readOnly={isBusy}
          data-autofocus={url !== ''}
        />
      </div>
      <ReasonField
        usual={isFirst ? [] : [t('push.why.moved'), t('push.why.key'), t('push.why.machine')]}
        value={reason}
        isBusy={isBusy}
        onChange={setReason}
      />
      {problem?.field === null && (
        <p className="trade-notice" role="alert">
          {problem.words}
        </p>
      )}
      <div className="push-acts">
        <Action kind="main" type="submit" busy={isBusy} testId="push-enrol">
          {t(isBusy ? 'push.enrolling' : 'push.enrol')}
        </Action>
        {onCancel && (
          <Action onPress={onCancel} busy={isBusy}>
            {t('set_aside.cancel')}
          </Action>
        )}
      </div>
    </form>
  );
}
