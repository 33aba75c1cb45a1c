import { z } from 'zod';
import {
  AddPersonInput,
  ChangePersonInput,
  ChangePinInput,
  DisablePersonInput,
  LoginInput,
  NamesInput,
  Person,
  Policy,
  RefreshInput,
  ResetPinInput,
  SetPolicyInput,
  SetUpOwnerInput,
  SignedIn,
  Tokens,
  UnlockInput,
} from '../people.ts';
import { procedure } from './procedure.ts';

/* Who works here, signing in and out, and the shop’s rules. */

export const auth = {
  login: procedure('sign_in')
    .route({ method: 'POST', path: '/auth/login', summary: 'Sign in with name and PIN' })
    .input(LoginInput)
    .output(Tokens),
  refresh: procedure('sign_in')
    .route({
      method: 'POST',
      path: '/auth/refresh',
      summary: 'Trade a refresh token for fresh tokens, once',
    })
    .input(RefreshInput)
    .output(Tokens),
  logout: procedure('sign_in')
    .route({ method: 'POST', path: '/auth/logout', summary: 'End the session and all its tokens' })
    .output(SignedIn),
  session: procedure('see_till')
    .route({ method: 'GET', path: '/auth/session', summary: 'Who is signed in, and what they may' })
    .output(SignedIn),
  names: procedure('see_names')
    .route({ method: 'GET', path: '/auth/names', summary: 'Who can sign in at this till' })
    .input(NamesInput)
    .output(z.array(z.string())),
  present: procedure('sign_in')
    .route({
      method: 'POST',
      path: '/auth/present',
      summary: 'Somebody is there: a session that is left alone locks itself',
    })
    .output(SignedIn),
  lock: procedure('sign_in')
    .route({ method: 'POST', path: '/auth/lock', summary: 'Lock the screen; the session stays' })
    .output(SignedIn),
  unlock: procedure('sign_in')
    .route({ method: 'POST', path: '/auth/unlock', summary: 'Open the locked screen with the PIN' })
    .input(UnlockInput)
    .output(SignedIn),
};

export const people = {
  list: procedure('manage_people')
    .route({ method: 'GET', path: '/people', summary: 'The people of this till' })
    .output(z.array(Person)),
  setUpOwner: procedure('manage_people')
    .route({
      method: 'POST',
      path: '/people/owner',
      summary: 'The first person of a till without people; from then on everybody signs in',
    })
    .input(SetUpOwnerInput)
    .output(Tokens),
  add: procedure('manage_people')
    .route({ method: 'POST', path: '/people', successStatus: 201, summary: 'Add a person' })
    .input(AddPersonInput)
    .output(Person),
  change: procedure('manage_people')
    .route({ method: 'POST', path: '/people/{personId}', summary: 'Change a name or a role' })
    .input(ChangePersonInput)
    .output(Person),
  resetPin: procedure('manage_people')
    .route({ method: 'POST', path: '/people/{personId}/pin', summary: 'Give a person a new PIN' })
    .input(ResetPinInput)
    .output(Person),
  disable: procedure('manage_people')
    .route({
      method: 'POST',
      path: '/people/{personId}/disable',
      summary: 'End all sessions of a person, at once and for good',
    })
    .input(DisablePersonInput)
    .output(Person),
  changePin: procedure('change_own_pin')
    .route({ method: 'POST', path: '/auth/pin', summary: 'Change one’s own PIN' })
    .input(ChangePinInput)
    .output(SignedIn),
};

export const policy = {
  get: procedure('look')
    .route({ method: 'GET', path: '/policy', summary: 'What the shop has decided' })
    .output(Policy),
  set: procedure('set_up', { approval: 'always' })
    .route({ method: 'POST', path: '/policy', summary: 'Change what the shop has decided' })
    .input(SetPolicyInput)
    .output(Policy),
};
