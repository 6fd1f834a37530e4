#pragma once

namespace groomer::github_faults {

// Breaks each rule once, on paper; false where one says nothing, or a good history is accused.
bool test_judge();

}  // namespace groomer::github_faults
