#include "opened/kernel_choice.hpp"

#include "opened/errors.hpp"

namespace nearfile::opened {

const kernels::Kernels& chosen_kernels() {
    const char* message = nullptr;
    const kernels::Kernels* chosen = kernels::chosen(&message);
    if (chosen == nullptr) raise(ErrorCode::invalid_argument, message);
    return *chosen;
}

}  // namespace nearfile::opened
