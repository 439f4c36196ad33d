// Everything a rewritten EA is compiled against. prelude.hpp is builtin.mqh, rewritten when an EA is built.
#pragma once
#include "text.hpp"
#include <fcntl.h>
#include <unistd.h>
// MQL5 has an enumeration of these names; the headers above, which define them as macros, are all that need them
#undef SEEK_SET
#undef SEEK_CUR
#undef SEEK_END
#include "prelude.hpp"
#include "terminal.hpp"
#include "crypt.hpp"
#include "sockets.hpp"
#include "files.hpp"
#include "exports.hpp"
// after every header of the system, which would define it again
#undef NULL
#define NULL (mql::Null{})
