// The version of the library; pyproject.toml reads it from here.
#pragma once

#define NEARFILE_VERSION "0.1.0"
