/* hold: from the moment on in which nobody new comes to the old release until another serves, new
 * connections wait instead of being refused: for the release's `hold` at most, which the kernel
 * counts. They wait before the old one loses its traffic, so that none is refused in between. */
#include "agent/node/swap_private.h"

static void hold_begin(struct step *step, const struct plan *plan)
{
    if (plan->hold_ms > 0) {
        step->session->hold_until = step->facts->now + plan->hold_ms;
        step->session->is_route_settled = false;
    }
}

bool hold_put_up(struct step *step)
{
    struct session_app *session = step->session;
    const struct plan *plan = step->facts->candidate;
    if (step->facts->committed == NULL || step_adopts(step) != 0 || plan->hold_ms == 0 ||
        session->is_hold_up) {
        return true;
    }
    if (session->hold_until == 0) {
        hold_begin(step, plan);
    }
    session->is_hold_up = session->is_route_settled;
    return session->is_hold_up;
}

void hold_wish(struct step *step)
{
    struct session_app *session = step->session;
    if (session->hold_until > step->facts->now) {
        session->wish_gen = step->memory->committed.gen;
        step_wake(step, session->hold_until);
    }
}

void hold_for_way_back(struct step *step)
{
    const struct plan *plan = step->facts->committed;
    if (plan != NULL && step_is_exclusive(step) && step_adopts(step) == 0) {
        hold_begin(step, plan);
        step->session->is_hold_up = true; /* nobody is to lose traffic for it */
    }
}

void hold_end(struct step *step)
{
    step->session->hold_until = 0;
}
