#include "CLinux.h"

// The Swift runtime's own, in its calling convention. Weak, since programs without concurrency do not link it.
typedef __attribute__((swiftcall)) void enqueue(void *job);
extern __attribute__((swiftcall, weak)) void (*swift_task_enqueueGlobal_hook)(
    void *job, enqueue *original);

static bool (*taker)(void *job);

static __attribute__((swiftcall)) void offer(void *job, enqueue *original) {
  if (!taker(job)) original(job);
}

void clinux_offer_global_jobs(bool (*take)(void *job)) {
  taker = take;
  swift_task_enqueueGlobal_hook = offer;
}
