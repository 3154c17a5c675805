import type { Catalogue } from './catalogue.ts';
import { createDocsLibrary } from './docs-library.ts';
import { makeCatalogue } from './make-catalogue.ts';

/** The catalogue of this package. In the bundle this module is the data itself, written by the build. */
export const catalogue: Catalogue = await makeCatalogue(createDocsLibrary());
