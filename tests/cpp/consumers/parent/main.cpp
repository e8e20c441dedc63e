#include <cstdio>
#include <nearfile/nearfile.hpp>

int main() {
    std::puts(NEARFILE_VERSION);
}
