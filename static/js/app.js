// One small module a behaviour. Each finds its elements by a data- attribute and leaves the rest alone.
// They are fetched as one: smarketing/static_files/joining.py.
import "./copy.js";
import "./countdown.js";
import "./criteria.js";
import "./dialog.js";
import "./figure.js";
import "./flash.js";
import "./keyboard.js";
import "./print.js";
import "./scroll.js";
import "./selection.js";
import "./theme.js";
