// Shows that each rule of the judge can be broken: small histories, each with one fault that only its own rule must find.
#pragma once

namespace groomer::chaos {

// Prints "ok - …" or "not ok - …" for each; false where one failed.
bool test_judge();

}  // namespace groomer::chaos
