# Expected values of the analysis of tables, computed by R. `make reference` runs this script and stores its output.
# It needs R with car, effectsize, emmeans and jsonlite. Each table is stored with the values, so that the tests need no R.
# mixed_models.R and adjusted_means.R compute the expected values of mixed models and of designs with covariates.
suppressPackageStartupMessages({library(car); library(effectsize); library(emmeans); library(jsonlite)})
options(contrasts = c("contr.sum", "contr.poly"), digits = 15)
emm_options(msg.interaction = FALSE, lmer.df = "satterthwaite")

# Effects ------------------------------------------------------------------------------------------------------------

subsets <- function(names) {
  unlist(lapply(seq_along(names), function(k) combn(names, k, simplify = FALSE)), recursive = FALSE)
}

kron <- function(parts) Reduce(kronecker, parts)

# Contrasts of the cells' means for an effect; cells are ordered with the last factor changing fastest.
contrasts_of <- function(levels, effect) {
  kron(lapply(names(levels), function(name) {
    k <- length(levels[[name]])
    if (name %in% effect) cbind(1, -diag(k - 1)) else matrix(1 / k, 1, k)
  }))
}

weights_of <- function(levels, effect) {
  kron(lapply(names(levels), function(name) {
    k <- length(levels[[name]])
    if (name %in% effect) diag(k) else matrix(1 / k, 1, k)
  }))
}

level_names <- function(levels, effect) {
  Reduce(function(before, name) as.vector(t(outer(before, levels[[name]], paste, sep = ":"))),
         effect[-1], levels[[effect[1]]])
}

# All factors by themselves, then all of them together.
compared <- function(factors) {
  if (length(factors) == 1) list(factors) else c(as.list(factors), list(factors))
}

pairs_of <- function(count) combn(count, 2, simplify = FALSE)

# ptukey has an error of 1e-4 and more below three degrees of freedom: the integral over the deviation is used there.
range_tail <- function(q, k, df) {
  if (df >= 5) return(ptukey(q, k, df, lower.tail = FALSE))
  density <- function(s) exp(log(2) + df / 2 * log(df / 2) - lgamma(df / 2) + (df - 1) * log(s) - df * s^2 / 2)
  integrate(function(s) density(s) * ptukey(q * s, k, Inf, lower.tail = FALSE), 0, Inf, rel.tol = 1e-10,
            subdivisions = 2000)$value
}

# qtukey stops at an error of 1e-4.
quantile_of_range <- function(k, df) {
  uniroot(function(q) range_tail(q, k, df) - .05, qtukey(.95, k, df) * c(.9, 1.1), tol = 1e-12)$root
}

agree <- function(ours, theirs) stopifnot(all.equal(as.numeric(ours), as.numeric(theirs), tolerance = 1e-6))

# 90 %, since F tests are one-sided.
interval_of_ncp <- function(f, df, rdf) {
  ends <- sapply(c(.95, .05), function(p) {
    if (pf(f, df, rdf) <= p) return(0)
    high <- max(10, 4 * df * f)
    while (pf(f, df, rdf, high) > p) high <- 2 * high
    uniroot(function(ncp) pf(f, df, rdf, ncp) - p, c(0, high), tol = 1e-12)$root
  })
  list(low = ends[1], high = ends[2])
}

correction <- function(df) exp(lgamma(df / 2) - lgamma((df - 1) / 2)) / sqrt(df / 2)

# pt is exact up to a noncentrality of 37.62; ends beyond it are not compared.
ncp_of_t <- function(t, df, confidence) {
  if (abs(t) > 25) return(c(NA, NA))
  ends <- sapply(c(1, -1) * confidence / 2 + .5, function(p) {
    uniroot(function(ncp) suppressWarnings(pt(t, df, ncp)) - p, t + c(-1, 1) * (15 + 4 * abs(t)), tol = 1e-12)$root
  })
  ifelse(abs(ends) > 37, NA, ends)
}

# Hedges' g with the simultaneous confidence of an interval of `critical` standard errors.
g_of <- function(d, se, df, s, sdf, critical) {
  if (sdf <= 1) return(list())
  ends <- ncp_of_t(d / se, df, 1 - 2 * pt(-critical, df)) * se / s
  list(d = d / s, g = d / s * correction(sdf), g_low = ends[1], g_high = ends[2])
}

# Rules ---------------------------------------------------------------------------------------------------------------

at_limit <- function(x) {
  any(sapply(c(max(x), min(x)), function(end) 2 * sum(x == end) > length(x) && sum(x != end) < 5))
}

skewed <- function(y, cell) {
  n <- ave(y, cell, FUN = length)
  sd <- ave(y, cell, FUN = function(x) sqrt(mean((x - mean(x))^2)))
  z <- ((y - ave(y, cell)) / sd)[sd > 0]
  abs(mean(z^3)) > max(1, sqrt(min(n) / 10))
}

# Hall, Journal of the Royal Statistical Society B 54, 1992: g(T) of the t statistic, inverted.
hall <- function(x) {
  n <- length(x)
  if (n < 5 || at_limit(x)) return(c(NA, NA))
  s <- sqrt(mean((x - mean(x))^2))
  g <- n^2 / ((n - 1) * (n - 2)) * mean((x - mean(x))^3) / s^3
  y <- c(1, -1) * qt(c(.9925, .99, .985)[min(max(n, 5), 7) - 4] * (n < 10) + .975 * (n >= 10), n - 1) / sqrt(n)
  root <- 1 + g * (y - g / (6 * n))
  T <- if (abs(g) < 1e-6) y else 3 / g * (sign(root) * abs(root)^(1 / 3) - 1)
  mean(x) - s * sqrt(n / (n - 1)) * T
}

# Without blocks -----------------------------------------------------------------------------------------------------

cells_of <- function(y, cell) list(m = tapply(y, cell, mean), v = tapply(y, cell, var), n = as.vector(table(cell)))

# Johansen, Biometrika 67, 1980, in matrix form.
johansen <- function(C, s) {
  S <- C %*% diag(s$v / s$n) %*% t(C)
  d <- C %*% s$m
  W <- as.numeric(t(d) %*% solve(S) %*% d)
  r <- nrow(C)
  P <- diag(s$v / s$n) %*% t(C) %*% solve(S) %*% C
  A <- sum(diag(P)^2 / (s$n - 1))
  f <- W / (r + 2 * A - 6 * A / (r + 2))
  rdf <- r * (r + 2) / (3 * A)
  list(f = f, df = c(r, rdf), p = pf(f, r, rdf, lower.tail = FALSE))
}

omega_of_f <- function(f, df, rdf, n) {
  ncp <- interval_of_ncp(f, df, rdf)
  value <- df * max(f - 1, 0)
  list(value = value / (value + n), low = ncp$low / (ncp$low + n), high = ncp$high / (ncp$high + n))
}

games_howell <- function(levels, effect, s) {
  W <- weights_of(levels, effect)
  names <- level_names(levels, effect)
  lapply(pairs_of(nrow(W)), function(ij) {
    w <- W[ij[1], ] - W[ij[2], ]
    v <- s$v[w != 0]
    parts <- w^2 * s$v / s$n
    se <- sqrt(sum(parts))
    df <- sum(parts)^2 / sum(parts^2 / (s$n - 1))
    d <- sum(w * s$m)
    critical <- quantile_of_range(nrow(W), df) / sqrt(2)
    c(list(first = names[ij[1]], second = names[ij[2]], difference = d, low = d - critical * se,
           high = d + critical * se, p = range_tail(abs(d) / se * sqrt(2), nrow(W), df)),
      g_of(d, se, df, sqrt(mean(v)), sum(v)^2 / sum(v^2 / (s$n[w != 0] - 1)), critical))
  })
}

default_without_blocks <- function(data, y, factors, levels, cell) {
  s <- cells_of(data[[y]], cell)
  effects <- lapply(subsets(factors), function(effect) {
    found <- johansen(contrasts_of(levels, effect), s)
    c(list(name = paste(effect, collapse = ":")), found,
      setNames(list(omega_of_f(found$f, found$df[1], found$df[2], nrow(data))),
               if (length(factors) > 1) "partial_omega_squared" else "omega_squared"))
  })
  if (length(factors) == 1) {
    welch <- oneway.test(data[[y]] ~ data[[factors]])
    stopifnot(all.equal(c(welch$statistic, welch$p.value), c(effects[[1]]$f, effects[[1]]$p), check.attributes = FALSE))
  }
  list(effects = effects, comparisons = lapply(compared(factors), function(each) {
    list(effect = paste(each, collapse = ":"), pairs = games_howell(levels, each, s))
  }))
}

# Sums of squares ----------------------------------------------------------------------------------------------------

tukey <- function(model, effect, unit) {
  means <- emmeans(model, effect)
  grid <- summary(means)
  names <- do.call(paste, c(lapply(effect, function(name) as.character(grid[[name]])), sep = ":"))
  K <- length(names)
  lapply(pairs_of(K), function(ij) {
    w <- rep(0, K)
    w[ij] <- c(1, -1)
    found <- summary(contrast(means, list(pair = w)))
    critical <- quantile_of_range(K, found$df) / sqrt(2)
    agree(found$estimate / sigma(model),
          summary(eff_size(means, sigma(model), found$df, method = list(pair = w)))$effect.size)
    c(list(first = names[ij[1]], second = names[ij[2]], difference = found$estimate * unit,
           low = (found$estimate - critical * found$SE) * unit, high = (found$estimate + critical * found$SE) * unit,
           p = range_tail(abs(found$t.ratio) * sqrt(2), K, found$df)),
      g_of(found$estimate, found$SE, found$df, sigma(model), found$df, critical))
  })
}

anova_rows <- function(model, type, total, n, unit, block) {
  table <- Anova(model, type = type)
  residual <- table["Residuals", ]
  ms <- residual$`Sum Sq` / residual$Df
  rows <- setdiff(rownames(table), c("(Intercept)", "Residuals"))
  beyond <- setNames(pmax(table[rows, "Sum Sq"] / ms - table[rows, "Df"], 0), rows)
  partial_eta <- eta_squared(table, verbose = FALSE)
  partial_omega <- omega_squared(table, verbose = FALSE)
  generalised <- if (!is.null(block)) eta_squared(table, generalized = block, verbose = FALSE)
  list(residual = list(df = residual$Df, sum_of_squares = residual$`Sum Sq` * unit^2),
       effects = lapply(rows, function(name) {
         row <- table[name, ]
         ss <- row$`Sum Sq`
         ncp <- unlist(interval_of_ncp(row$`F value`, row$Df, residual$Df))
         share <- function(value, rest) list(value = value, low = ncp[[1]] / (ncp[[1]] + rest), high = ncp[[2]] / (ncp[[2]] + rest))
         others <- sum(beyond[setdiff(rows, name)]) + n
         found <- list(name = name, f = row$`F value`, df = c(row$Df, residual$Df), p = row$`Pr(>F)`,
              sum_of_squares = ss * unit^2, eta_squared = share(ss / total, others),
              partial_eta_squared = share(ss / (ss + residual$`Sum Sq`), n),
              omega_squared = share(max((ss - row$Df * ms) / (total + ms), 0), others),
              partial_omega_squared = share(max((ss - row$Df * ms) / (ss + (n - row$Df) * ms), 0), n))
         one <- partial_eta$Parameter == name
         if (nrow(partial_eta) > 1) {  # with one row, effectsize's names have no "partial"
           agree(found$partial_eta_squared$value, partial_eta$Eta2_partial[one])
           agree(found$partial_omega_squared$value, max(partial_omega$Omega2_partial[one], 0))
         }
         if (!is.null(block) && name != block) {
           squares <- table[block, "Sum Sq"]
           found$generalised_eta_squared <- share(ss / (ss + squares + residual$`Sum Sq`), beyond[[block]] + n)
           agree(found$generalised_eta_squared$value, generalised$Eta2_generalized[generalised$Parameter == name])
         }
         found
       }))
}

# car refuses responses of 1e-13, so models are fitted in units of the deviation's power of ten.
classical <- function(data, y, factors, block) {
  unit <- 10^floor(log10(sd(data[[y]])))
  data[[y]] <- data[[y]] / unit
  right <- paste(c(paste(factors, collapse = " * "), block), collapse = " + ")
  model <- eval(bquote(lm(.(as.formula(paste(y, "~", right))), data = data)))
  total <- sum((data[[y]] - mean(data[[y]]))^2)
  list(II = anova_rows(model, "II", total, nrow(data), unit, block), III = anova_rows(model, "III", total, nrow(data), unit, block),
       comparisons = lapply(compared(factors), function(each) {
         list(effect = paste(each, collapse = ":"), pairs = tukey(model, each, unit))
       }))
}

# Ranks --------------------------------------------------------------------------------------------------------------

dunn <- function(y, g) {
  r <- rank(y)
  N <- length(y)
  ties <- table(y)
  v <- N * (N + 1) / 12 - sum(ties^3 - ties) / (12 * (N - 1))
  m <- tapply(r, g, mean)
  n <- table(g)
  pairs <- pairs_of(nlevels(g))
  z <- sapply(pairs, function(ij) (m[ij[1]] - m[ij[2]]) / sqrt(v * sum(1 / n[ij])))
  p <- p.adjust(2 * pnorm(-abs(z)), "holm")
  Map(function(ij, p) list(first = levels(g)[ij[1]], second = levels(g)[ij[2]],
                           difference = unname(m[ij[1]] - m[ij[2]]), p = p), pairs, unname(p))
}

nemenyi <- function(Y) {
  k <- ncol(Y)
  n <- nrow(Y)
  m <- colMeans(t(apply(Y, 1, rank)))
  lapply(pairs_of(k), function(ij) {
    d <- unname(m[ij[1]] - m[ij[2]])
    list(first = colnames(Y)[ij[1]], second = colnames(Y)[ij[2]], difference = d,
         p = ptukey(abs(d) / sqrt(k * (k + 1) / (12 * n)), k, Inf, lower.tail = FALSE))
  })
}

ranks <- function(data, y, factors, Y) {
  if (length(factors) > 1) return(NULL)
  g <- data[[factors]]
  if (!is.null(Y)) {
    found <- friedman.test(Y)
    pairs <- nemenyi(Y)
    size <- unname(found$statistic) / (nrow(Y) * (ncol(Y) - 1))
  } else {
    found <- kruskal.test(data[[y]], g)
    pairs <- dunn(data[[y]], g)
    size <- max((unname(found$statistic) - nlevels(g) + 1) / (nrow(data) - nlevels(g)), 0)
  }
  list(effects = list(list(name = factors, f = unname(found$statistic), df = unname(found$parameter),
                           p = found$p.value, size = size)),
       comparisons = list(list(effect = factors, pairs = pairs)))
}

# Blocks -------------------------------------------------------------------------------------------------------------

# Hotelling's T2 of the contrast scores by car's multivariate tests; with too few blocks Greenhouse and Geisser's F by
# R's anova of multivariate models.
within <- function(Y, levels, effect) {
  n <- nrow(Y)
  M <- qr.Q(qr(t(contrasts_of(levels, effect))))
  scores <- Y %*% M
  r <- ncol(scores)
  if (r == 1) {
    found <- t.test(scores)
    return(list(f = unname(found$statistic)^2, df = c(1, n - 1), p = found$p.value))
  }
  model <- lm(scores ~ 1)
  if (n > r) {
    found <- linearHypothesis(model, "(Intercept) = 0")
    t2 <- (n - 1) * sum(diag(found$SSPH %*% solve(found$SSPE)))
    f <- t2 * (n - r) / (r * (n - 1))
    return(list(f = f, df = c(r, n - r), p = pf(f, r, n - r, lower.tail = FALSE)))
  }
  # The "Spherical" test of the scores about zero: epsilon of their covariance.
  table <- anova(lm(Y ~ 1), M = M %*% t(M), test = "Spherical")
  S <- cov(scores)
  e <- sum(diag(S))^2 / (r * sum(S^2))
  stopifnot(all.equal(e, as.numeric(regmatches(paste(attr(table, "heading"), collapse = " "),
    regexpr("(?<=Greenhouse-Geisser epsilon: )[0-9.]+", paste(attr(table, "heading"), collapse = " "), perl = TRUE))),
    tolerance = 1e-3))
  f <- table$F[1]
  list(f = f, df = c(r * e, r * (n - 1) * e), p = pf(f, r * e, r * (n - 1) * e, lower.tail = FALSE))
}

# Generalised eta squared of factors within blocks; the noncentrality is that of Greenhouse and Geisser's test.
generalised <- function(Y, levels, effect, factors) {
  n <- nrow(Y)
  M <- qr.Q(qr(t(contrasts_of(levels, effect))))
  scores <- Y %*% M
  r <- ncol(scores)
  S <- cov(scores)
  ms <- sum(diag(S)) / r
  ss <- n * sum(colMeans(scores)^2)
  e <- sum(diag(S))^2 / (r * sum(S^2))
  within <- mean(apply(Y, 2, var))
  grid <- do.call(expand.grid, c(list(seed = factor(seq_len(n))), rev(levels)))
  grid$y <- as.vector(Y)
  stratum <- paste0("seed/(", paste(factors, collapse = "*"), ")")
  model <- aov(as.formula(paste("y ~", paste(factors, collapse = "*"), "+ Error(", stratum, ")")), grid)
  theirs <- eta_squared(model, generalized = TRUE, verbose = FALSE)
  value <- ss / (ss + sum(apply(Y, 2, function(y) sum((y - mean(y))^2))))
  agree(value, theirs$Eta2_generalized[theirs$Parameter == paste(effect, collapse = ":")])
  ncp <- unlist(interval_of_ncp(ss / r / ms, e * r, e * r * (n - 1))) / e * ms
  list(value = value, low = ncp[[1]] / (ncp[[1]] + within * length(Y)), high = ncp[[2]] / (ncp[[2]] + within * length(Y)))
}

paired <- function(Y, levels, effect) {
  S <- Y %*% t(weights_of(levels, effect))
  names <- level_names(levels, effect)
  pairs <- pairs_of(ncol(S))
  lapply(pairs, function(ij) {
    found <- t.test(S[, ij[1]], S[, ij[2]], paired = TRUE, conf.level = .95^(1 / length(pairs)))
    d <- unname(found$estimate)
    V <- cov(S[, ij])
    df <- nrow(S) - 1
    c(list(first = names[ij[1]], second = names[ij[2]], difference = d, low = found$conf.int[1],
           high = found$conf.int[2], p = -expm1(length(pairs) * log1p(-found$p.value))),
      g_of(d, found$stderr, df, sqrt(mean(diag(V))), df * sum(diag(V))^2 / sum(V^2), -qt((1 - .95^(1 / length(pairs))) / 2, df)))
  })
}

default_with_blocks <- function(Y, factors, levels) {
  list(effects = lapply(subsets(factors), function(effect) {
         found <- within(Y, levels, effect)
         c(list(name = paste(effect, collapse = ":")), found,
           list(partial_omega_squared = omega_of_f(found$f, found$df[1], found$df[2], nrow(Y)),
                generalised_eta_squared = generalised(Y, levels, effect, factors)))
       }),
       comparisons = lapply(compared(factors), function(each) {
         list(effect = paste(each, collapse = ":"), pairs = paired(Y, levels, each))
       }))
}

# Cases --------------------------------------------------------------------------------------------------------------

cases <- list()

add <- function(name, data, y, factors, block = NULL) {
  data <- data[, c(y, factors, block)]
  for (column in c(factors, block)) data[[column]] <- factor(as.character(data[[column]]), unique(as.character(data[[column]])))
  levels <- lapply(setNames(factors, factors), function(each) levels(data[[each]]))
  cell <- interaction(data[factors], lex.order = TRUE)
  Y <- NULL
  if (!is.null(block)) {
    wide <- tapply(data[[y]], list(data[[block]], cell), mean)
    Y <- if (anyNA(wide)) NULL else wide
  }
  s <- cells_of(data[[y]], cell)
  cells <- lapply(seq_along(s$m), function(i) {
    ends <- hall(data[[y]][cell == levels(cell)[i]])
    list(levels = I(unname(sapply(data[match(levels(cell)[i], cell), factors, drop = FALSE], as.character))), mean = unname(s$m[i]), low = ends[1], high = ends[2], deviation = unname(sqrt(s$v[i])),
         median = median(data[[y]][cell == levels(cell)[i]]))
  })
  expected <- list(cells = if (all(s$n > 1)) cells,
                   withheld = is.null(block) && (skewed(data[[y]], cell) || any(tapply(data[[y]], cell, function(x) length(x) >= 5 && at_limit(x)))),
                   default = if (is.null(block)) default_without_blocks(data, y, factors, levels, cell)
                             else if (!is.null(Y)) default_with_blocks(Y, factors, levels),
                   classical = classical(data, y, factors, block), ranks = ranks(data, y, factors, Y))
  if (is.null(block) && all(s$n > 2)) {
    expected$brown_forsythe <- leveneTest(data[[y]], cell)$`F value`[1]
    residuals <- data[[y]] - s$m[cell]
    if (all(s$n >= 8)) residuals <- residuals / sqrt(s$v[cell])
    expected$shapiro_wilk <- unname(shapiro.test(residuals)$statistic)
  }
  columns <- c(setNames(list(data[[y]]), y), lapply(setNames(c(factors, block), c(factors, block)), function(each) as.character(data[[each]])))
  cases[[length(cases) + 1]] <<- list(name = name, response = y, factors = I(factors), block = block, columns = columns,
                                      expected = Filter(Negate(is.null), expected))
}

# R's data sets
add("PlantGrowth", PlantGrowth, "weight", "group")
add("InsectSprays", InsectSprays, "count", "spray")
add("chickwts", chickwts, "weight", "feed")
add("iris sepal length", iris, "Sepal.Length", "Species")
add("iris petal width", iris, "Petal.Width", "Species")
add("morley", morley, "Speed", "Expt")
add("airquality ozone", na.omit(airquality), "Ozone", "Month")
add("mtcars cylinders", mtcars, "mpg", "cyl")
add("sleep, independent", sleep, "extra", "group")
add("ToothGrowth", ToothGrowth, "len", c("supp", "dose"))
add("ToothGrowth dose", ToothGrowth, "len", "dose")
add("warpbreaks", warpbreaks, "breaks", c("wool", "tension"))
add("warpbreaks tension", warpbreaks, "breaks", "tension")
add("CO2", CO2, "uptake", c("Type", "Treatment"))
add("Moore", carData::Moore, "conformity", c("fcategory", "partner.status"))
add("mtcars two factors", mtcars, "mpg", c("am", "vs"))
add("sleep, paired", sleep, "extra", "group", "ID")
add("OrchardSprays rows", OrchardSprays, "decrease", "treatment", "rowpos")
add("npk", npk, "yield", c("N", "P"))
add("Loblolly", transform(Loblolly, age = factor(age)), "height", "age", "Seed")
add("CO2 concentrations", transform(CO2, conc = factor(conc)), "uptake", "conc", "Plant")
add("ChickWeight", subset(ChickWeight, Time %in% c(0, 10, 20) & as.numeric(as.character(Chick)) %in% 1:12), "weight", "Time", "Chick")

# Random tables of designs in which programs go wrong
noise <- list(normal = rnorm, lognormal = rlnorm, ties = function(n) rpois(n, 3), tiny = function(n) 1e-13 * rexp(n),
              huge = function(n) 1e12 * rnorm(n), offset = function(n) 1e6 + rnorm(n), scores = function(n) sample(1:5, n, TRUE))
draw <- function(sizes, kind, spread) {
  unlist(lapply(seq_along(sizes), function(i) spread[i] * noise[[kind]](sizes[i])))
}
letters_of <- function(prefix, k) paste0(prefix, seq_len(k))
for (seed in 1:14) {
  set.seed(seed)
  kind <- names(noise)[1 + seed %% length(noise)]
  k <- sample(2:6, 1)
  sizes <- sample(3:14, k, TRUE)
  spread <- if (kind %in% c("ties", "scores", "offset")) rep(1, k) else sample(1:4, k, TRUE)
  add(paste("one factor", seed, kind), data.frame(y = draw(sizes, kind, spread), a = rep(letters_of("a", k), sizes)), "y", "a")
}
for (seed in 15:28) {
  set.seed(seed)
  kind <- names(noise)[1 + seed %% length(noise)]
  k <- c(sample(2:3, 1), sample(2:4, 1))
  grid <- expand.grid(b = letters_of("b", k[2]), a = letters_of("a", k[1]), stringsAsFactors = FALSE)
  sizes <- if (seed %% 2) sample(4:9, nrow(grid), TRUE) else rep(sample(4:9, 1), nrow(grid))
  spread <- if (kind %in% c("ties", "scores", "offset")) rep(1, nrow(grid)) else sample(1:4, nrow(grid), TRUE)
  add(paste("two factors", seed, kind), data.frame(y = draw(sizes, kind, spread), grid[rep(seq_len(nrow(grid)), sizes), c("a", "b")]),
      "y", c("a", "b"))
}
for (seed in 29:33) {
  set.seed(seed)
  grid <- expand.grid(c = letters_of("c", 2), b = letters_of("b", 2 + seed %% 2), a = letters_of("a", 2), stringsAsFactors = FALSE)
  sizes <- if (seed %% 2) sample(3:7, nrow(grid), TRUE) else rep(5, nrow(grid))
  add(paste("three factors", seed), data.frame(y = draw(sizes, "normal", sample(1:3, nrow(grid), TRUE)),
      grid[rep(seq_len(nrow(grid)), sizes), c("a", "b", "c")]), "y", c("a", "b", "c"))
}
for (seed in 34:43) {
  set.seed(seed)
  kind <- names(noise)[1 + seed %% length(noise)]
  blocks <- sample(4:15, 1)
  k <- sample(2:5, 1)
  data <- expand.grid(seed = letters_of("s", blocks), a = letters_of("a", k), stringsAsFactors = FALSE)
  scale <- sd(noise[[kind]](1000))
  data$y <- noise[[kind]](nrow(data)) + if (kind %in% c("ties", "scores")) 0 else scale * rnorm(blocks)[match(data$seed, letters_of("s", blocks))]
  add(paste("blocks", seed, kind), data, "y", "a", "seed")
}
for (seed in 44:48) {
  set.seed(seed)
  blocks <- sample(5:12, 1)
  data <- expand.grid(seed = letters_of("s", blocks), b = letters_of("b", 2 + seed %% 2), a = letters_of("a", 2), stringsAsFactors = FALSE)
  data$y <- rnorm(nrow(data)) + 2 * rnorm(blocks)[match(data$seed, letters_of("s", blocks))]
  add(paste("two factors in blocks", seed), data, "y", c("a", "b"), "seed")
}

versions <- c(R = R.version.string, sapply(c("car", "effectsize", "emmeans"), function(each) as.character(packageVersion(each))))
out <- commandArgs(TRUE)[1]
lines <- sapply(cases, function(each) toJSON(each, digits = NA, auto_unbox = TRUE, null = "null", na = "null"))
writeLines(c(paste0('{"versions": ', toJSON(as.list(versions), auto_unbox = TRUE), ', "tables": ['), paste(lines, collapse = ",\n"), "]}"), out)
cat(length(cases), "tables\n")
