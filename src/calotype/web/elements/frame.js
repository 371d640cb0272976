// What every page has.

import "./calotype-sign-out.js";
import "./calotype-theme.js";
