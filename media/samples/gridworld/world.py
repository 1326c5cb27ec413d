"""Randomly drawn 7 x 7 worlds: one or two goals, six traps, six walls, and an agent that moves a cell at a time.

    A . . # . . .        reaching a goal  +1, and the episode ends
    . # . T . G .        stepping on a trap -1, and the episode ends
    . . . . T . #        every other step -0.02; a wall or the border leaves the agent where it is

A world is kept as seven strings of `A G T # .`, and shown to the agent as four planes of 0 and 1: agent, goals, traps,
walls. Every world drawn has a way to a goal that avoids the traps.
"""

import numpy as np

SIZE = 7
PLANES = "AGT#"
ACTIONS = ("up", "down", "left", "right")
MOVES = np.array([[-1, 0], [1, 0], [0, -1], [0, 1]])
GOAL_REWARD, TRAP_REWARD, STEP_REWARD = 1.0, -1.0, -0.02
LIMIT = 40


def distances(planes: np.ndarray) -> np.ndarray:
    """Steps to the nearest goal by a way without traps, from each cell; -1 where there is none. [7, 7]"""
    steps = np.where(planes[1] > 0, 0, -1)
    blocked = (planes[2] + planes[3]) > 0
    front = [tuple(cell) for cell in np.argwhere(planes[1] > 0)]
    while front:
        following = []
        for row, column in front:
            for down, right in MOVES:
                r, c = row + down, column + right
                if 0 <= r < SIZE and 0 <= c < SIZE and steps[r, c] < 0 and not blocked[r, c]:
                    steps[r, c] = steps[row, column] + 1
                    following.append((r, c))
        front = following
    return steps


def draw(chance: np.random.Generator) -> np.ndarray:
    """A new world [4, 7, 7] whose agent has a safe way to a goal."""
    while True:
        goals = int(chance.integers(1, 3))
        cells = chance.permutation(SIZE * SIZE)[: 1 + goals + 12]
        planes = np.zeros((4, SIZE * SIZE), np.float32)
        planes[0, cells[0]] = 1
        planes[1, cells[1 : 1 + goals]] = 1
        planes[2, cells[1 + goals : 7 + goals]] = 1
        planes[3, cells[7 + goals :]] = 1
        planes = planes.reshape(4, SIZE, SIZE)
        if (distances(planes) * planes[0]).sum() > 0:
            return planes


def show(planes: np.ndarray) -> list[str]:
    picture = np.full((SIZE, SIZE), ".")
    for plane, letter in zip(planes[::-1], PLANES[::-1]):
        picture[plane > 0] = letter
    return ["".join(row) for row in picture]


class Worlds:
    """Many worlds at once; each is drawn anew when its episode ends."""

    def __init__(self, count: int, seed: int):
        self.chance = np.random.default_rng(seed)
        # Drawing is slow in Python, so worlds come from a pool; mirroring and turning makes eight of each.
        self.pool = np.stack([draw(self.chance) for _ in range(16_000)])
        self.far = (np.stack([distances(world) for world in self.pool]) * self.pool[:, 0]).sum((1, 2))
        self.planes = np.stack([self.fresh() for _ in range(count)])
        self.age = np.zeros(count, int)

    def fresh(self) -> np.ndarray:
        # The farther of two, because long ways are rare and hard.
        index = max(self.chance.integers(len(self.pool), size=2), key=lambda index: self.far[index])
        world = np.rot90(self.pool[index], self.chance.integers(4), (1, 2))
        return world[:, :, ::-1] if self.chance.random() < 0.5 else world

    def step(self, actions: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Moves every agent: rewards [n], whether the episode ended [n], the states it led to [n, 4, 7, 7]."""
        count = np.arange(len(actions))
        place = self.planes[:, 0].reshape(len(actions), -1).argmax(1)
        row, column = place // SIZE, place % SIZE
        new_row, new_column = row + MOVES[actions, 0], column + MOVES[actions, 1]
        inside = (new_row >= 0) & (new_row < SIZE) & (new_column >= 0) & (new_column < SIZE)
        new_row, new_column = np.where(inside, new_row, row), np.where(inside, new_column, column)
        wall = self.planes[count, 3, new_row, new_column] > 0
        new_row, new_column = np.where(wall, row, new_row), np.where(wall, column, new_column)
        after = self.planes.copy()
        after[:, 0] = 0
        after[count, 0, new_row, new_column] = 1
        goal = after[count, 1, new_row, new_column] > 0
        trap = after[count, 2, new_row, new_column] > 0
        rewards = np.where(goal, GOAL_REWARD, np.where(trap, TRAP_REWARD, STEP_REWARD)).astype(np.float32)
        ended = goal | trap
        self.age += 1
        self.planes = after.copy()
        for index in np.flatnonzero(ended | (self.age >= LIMIT)):
            self.planes[index] = self.fresh()
            self.age[index] = 0
        return rewards, ended, after
