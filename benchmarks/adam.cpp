// A hand-written Adam on Rosenbrock's function, as an upper bound of the speed. LANES runs advance together, with their
// state in registers for all steps: 16 fill the registers of AVX-512, 8 those of AVX2. benchmarks/engine.py compiles and
// calls this file.
#include <cmath>
#include <cstdint>
#include <vector>

#ifndef LANES
#define LANES 16
#endif

template <class T>
static inline void adam(T &p, T g, T &m, T &v, T rate, T root) {
    m += T(0.1) * (g - m);
    v = T(0.999) * v + T(0.001) * g * g;
    p -= rate * m / (std::sqrt(v) * root + T(1e-8));
}

template <class T>
static void run(T *x, T *y, const T *lr, int64_t runs, int64_t steps) {
    std::vector<T> bias(steps), root(steps);
    for (int64_t t = 0; t < steps; t++) {
        bias[t] = T(1 / (1 - std::pow(0.9, t + 1)));
        root[t] = T(1 / std::sqrt(1 - std::pow(0.999, t + 1)));
    }
    for (int64_t begin = 0; begin < runs; begin += LANES) {
        T px[LANES], py[LANES], rate[LANES], mx[LANES] = {}, my[LANES] = {}, vx[LANES] = {}, vy[LANES] = {};
        for (int i = 0; i < LANES; i++) px[i] = x[begin + i], py[i] = y[begin + i], rate[i] = lr[begin + i];
        for (int64_t t = 0; t < steps; t++) {
            const T b = bias[t], r = root[t];
#pragma omp simd
            for (int i = 0; i < LANES; i++) {
                const T off = py[i] - px[i] * px[i];
                const T gy = T(200) * off, gx = T(-2) * (T(1) - px[i]) - T(2) * px[i] * gy;
                adam<T>(px[i], gx, mx[i], vx[i], rate[i] * b, r);
                adam<T>(py[i], gy, my[i], vy[i], rate[i] * b, r);
            }
        }
        for (int i = 0; i < LANES; i++) x[begin + i] = px[i], y[begin + i] = py[i];
    }
}

extern "C" void adam_f64(double *x, double *y, const double *lr, int64_t runs, int64_t steps) { run(x, y, lr, runs, steps); }
extern "C" void adam_f32(float *x, float *y, const float *lr, int64_t runs, int64_t steps) { run(x, y, lr, runs, steps); }
