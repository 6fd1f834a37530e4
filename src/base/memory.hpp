// Memory that a process which mostly waits need not keep.
#pragma once

namespace groomer {

// Gives back to the system what the heap has free, and the pages of code and constants, which are read again from their files (or from
// the page cache) when they are needed: most of them only the start needs.
void give_back_memory();

}  // namespace groomer
