/** The icon of the pages: three switches, as in `assets/icon.svg`. */
export const pageIcon =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="4" fill="#1d2140"/>' +
  '<rect x="3" y="3" width="10" height="3" rx="1.5" fill="#4fd1c5"/><rect x="3" y="6.5" width="10" height="3" rx="1.5" fill="#f6ad55"/>' +
  '<rect x="3" y="10" width="10" height="3" rx="1.5" fill="#a3a9cf"/></svg>';
