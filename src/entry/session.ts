import { declarations } from '../../tools/index.ts';
import { createCatalog } from '../catalog/catalog.ts';
import { connectSession, type SessionDeps } from '../start/connect-session.ts';

export const connect = (deps: SessionDeps) => connectSession(createCatalog(declarations), deps);
