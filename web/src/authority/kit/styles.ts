/** The stylesheets of every page of the authority, in their order. */

import "../../frame/fonts.css";
import "../../frame/frame.css";
import "../../frame/person.css";
import "../../frame/publicWarnings.css";
import "../../frame/controls.css";
import "./authority.css";
import "./parts.css";
